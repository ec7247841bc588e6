"""What people type into the host's search: it must lead to this pack's nodes."""

import json

import pytest
from private_host.pack import ROOT, start_host

host_nodes = start_host()
NODES = [host_nodes.NODE_CLASS_MAPPINGS[name] for name in json.loads((ROOT / "node_list.json").read_text())]
TYPED = [
    "image to video", "i2v", "img2vid", "consistency", "keep face", "colour drift", "color drift", "flicker",
    "faithful", "first frame", "motion", "camera", "motion transfer", "camera control", "zoom", "pan",
    "still image", "image strength", "lock camera", "freeze", "too static", "more motion", "motion strength",
    "first last frame", "end frame", "keyframes", "loop", "slow motion", "burnt colours", "colour fix", "color match",
    "keep colors", "extend video", "long video", "chunks", "photo to video", "animate photo", "wan i2v", "background",
    "mask", "drag", "trajectory", "motion brush", "cut and drag", "time to move", "path", "spline", "轨迹", "拖动",
    "运动笔刷", "人脸", "首尾帧", "运镜", "一致性", "漂移", "光流", "闪烁", "图生视频",
]  # fmt: skip


@pytest.mark.parametrize("words", TYPED)
def test_natural_words_lead_to_a_node(words):
    assert any(words in node.GET_SCHEMA().search_aliases for node in NODES)


def test_no_node_repeats_a_word():
    for node in NODES:
        words = node.GET_SCHEMA().search_aliases
        assert len(words) == len(set(words)), node
