"""The shipped workflows, written as graphs and saved by the real frontend. `make_workflows.py` is the command.

graph.py        what a graph is made of
files.py        the model files that the graphs name; other_packs.py: the nodes of other packs
parts.py        what most recipes have in common, and the list of them all
recipes.py, newer_models.py, moving.py    the recipes, one function each
layout.py       where nodes stand
saving.py       a graph in the form of a saved workflow
frontend.py     the real frontends, which tell how high nodes are, check a graph and save it
thumbnails.py   the template gallery's pictures
"""

from . import moving, newer_models, recipes  # noqa: F401  (each enters its recipes in parts.RECIPES)
