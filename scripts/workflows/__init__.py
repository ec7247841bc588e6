"""The shipped workflows, written as graphs and saved by the real frontend. `scripts/make_workflows.py` is the command.

graph.py     what a graph is made of
files.py     the model files that the graphs name
recipes.py   the graphs, one function each
layout.py    where nodes stand
saving.py    a graph in the form of a saved workflow
frontend.py  the real frontend, which loads, checks and draws it
"""
