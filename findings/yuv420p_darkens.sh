#!/bin/sh
# PyAV 18.1.0 (the FFmpeg of its wheel), Python 3.11, Linux.
#
# RGB to yuv420p and back, with PyAV's own conversion, darkens a colourful picture by 1.2 of 255 levels on average, and
# again each time. No encoder is in it: H.264 in between changes little. Black, white and middle grey come back as they
# were, and so does the picture through yuv444p, so that a test with flat frames or with whole chroma does not see it.
# A video that is saved and loaded again and again, as when one clip continues another, gets visibly darker.
#
# Seen (mean of the picture after 1, 2, 3, 4, 5 rounds, less the original's):
#   yuv420p: -1.20 -2.40 -3.55 -4.67 -5.80
#   yuv420p and H.264: -1.12 -2.30 -3.47 -4.60 -5.77
#   yuv444p: +0.01 +0.01 +0.01 +0.01 +0.01
#   yuv420p, grey 0, 128 and 255: +0.00 +0.00 +0.00 +0.00 +0.00
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet av==18.1.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import io

import av
import numpy as np

ROUNDS = 5
y, x = np.mgrid[:256, :256]
photo = np.stack([128 + 90 * np.sin(x / 40 + c) * np.cos(y / 50 - c) for c in range(3)], -1).round().astype(np.uint8)


def converted(picture, pixels="yuv420p"):
    return av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)


def encoded(picture):
    """The first of four equal frames of a video."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("h264", rate=16)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv420p"
        for _ in range(4):
            output.mux(stream.encode(converted(picture)))
        output.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as video:
        return next(video.decode(video=0))


def drift(name, picture, way):
    now, found = picture, []
    for _ in range(ROUNDS):
        now = way(now).to_ndarray(format="rgb24")
        found.append(float(now.mean() - picture.mean()))
    print(f"{name}:", *(f"{value:+.2f}" for value in found))
    return np.array(found)


rounds = np.arange(1, ROUNDS + 1)
assert np.all(drift("yuv420p", photo, converted) < -rounds)
assert np.all(drift("yuv420p and H.264", photo, encoded) < -rounds)
assert np.all(abs(drift("yuv444p", photo, lambda picture: converted(picture, "yuv444p"))) < 0.1)
for level in (0, 128, 255):
    assert not drift(f"yuv420p, grey {level}", np.full_like(photo, level), converted).any()
PYTHON
