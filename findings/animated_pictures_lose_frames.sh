#!/bin/sh
# Pillow 13.0.0, Python 3.11, Linux.
#
# A video saved as an animated WebP, PNG or GIF by Pillow comes back with fewer frames wherever neighbours are equal:
# they are written as one frame that is shown longer. 17 frames of which the 12th to the 16th are equal come back as 13.
# The time is kept (but for GIF, which counts in hundredths of a second and shows 12 frames a second at 12.5), so that a
# player shows no fault; who counts frames, or reads frame k by its number, gets another video.
#
# Seen (17 frames of 1000/12 ms):
#   WEBP: 13 frames, 1417 ms, the equal ones 416
#   PNG: 13 frames, 1417 ms, the equal ones 417
#   GIF: 13 frames, 1370 ms, the equal ones 410
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import io

from PIL import Image, ImageSequence

greys = [*range(20, 140, 10), *[130] * 4, 140]
frames = [Image.new("RGB", (32, 32), (grey, grey, grey)) for grey in greys]
assert len(frames) == 17
for kind, options in (("WEBP", {"lossless": True}), ("PNG", {}), ("GIF", {})):
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=1000 / 12, **options)
    times = []
    for frame in ImageSequence.Iterator(Image.open(file)):
        frame.load()  # a WebP knows the time of a frame only now
        times.append(frame.info["duration"])
    print(f"{kind}: {len(times)} frames, {sum(times):.0f} ms, the equal ones {times[11]:.0f}")
    assert len(times) == 13
    assert abs(times[11] - 5 * 1000 / 12) < 10
    assert abs(sum(times) - (1370 if kind == "GIF" else 17000 / 12)) < 1
PYTHON
