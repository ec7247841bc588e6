#!/bin/sh
# PyAV 18.1.0 (libx264 of its wheel), Python 3.11, Linux.
#
# H.264 in yuv420p has one chroma sample for each 2x2 pixels, so an odd width or height cannot be encoded. What one is
# told has no word of size: the encoder fails to open, at the first frame, as an error of an external library. ComfyUI's
# SaveVideo writes videos in these steps, so that an artist with a picture 65 pixels wide reads just this.
#
# Seen:
#   64x64: encoded
#   65x64: ExternalError: [Errno 542398533] Generic error in an external library: 'avcodec_open2("libx264", {})'
#   64x65: ExternalError: [Errno 542398533] Generic error in an external library: 'avcodec_open2("libx264", {})'
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet av==18.1.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import io

import av
import numpy as np


def encode(width, height):
    with av.open(io.BytesIO(), "w", format="mp4") as output:
        stream = output.add_stream("h264", rate=16)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((height, width, 3), np.uint8), format="rgb24")
        output.mux(stream.encode(frame.reformat(format="yuv420p")))
        output.mux(stream.encode(None))


encode(64, 64)
print("64x64: encoded")
for width, height in ((65, 64), (64, 65)):
    try:
        encode(width, height)
    except av.error.ExternalError as error:
        print(f"{width}x{height}: {type(error).__name__}: {error}")
        assert not any(word in str(error).lower() for word in ("width", "height", "size", "divisible", "odd"))
    else:
        raise SystemExit(f"{width}x{height} is encoded now")
PYTHON
