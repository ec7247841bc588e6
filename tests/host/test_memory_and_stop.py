"""What moving and measuring pictures takes of memory, and that it can be stopped and watched while it works."""

import comfy.model_management
import comfy.utils
import numpy as np
import pytest
import torch
from noise_rectification.nodes.core import flow
from noise_rectification.nodes.core import moved_picture as moving
from noise_rectification.nodes.core.camera import CameraMove
from noise_rectification.nodes.core.drag import dragged
from noise_rectification.nodes.core.schedule import Schedule
from noise_rectification.nodes.host import looks
from noise_rectification.nodes.host.moved_picture import MovedClip
from noise_rectification.nodes.host.settings import Cut, Handover, Rectification
from peak_bytes import PeakBytes
from private_host.pack import run_node
from stand_ins.moving_pictures import real_clip

CARRIED = Schedule(omega=(0.0,), tau_end=1.0, anchor="image", motion_compensation=1.0)
InterruptProcessingException = comfy.model_management.InterruptProcessingException


def shot(frames, height=136, width=320):
    video = (real_clip("bikes", 150, 1, 1, frames=frames) + 1) / 2
    return torch.nn.functional.interpolate(video, (height, width), mode="bilinear").movedim(1, -1).contiguous()


@pytest.fixture(scope="module", autouse=True)
def clips():
    """Made before anything is counted."""
    return {frames: shot(frames) for frames in (1, 8, 16, 32)}


def camera(clips, frames=8):
    values = {
        "image": clips[1],
        "length": frames,
        "pan": 0.1,
        "tilt": 0.0,
        "zoom": 0.6,
        "roll": 3.0,
        "easing": "linear",
    }
    return run_node("NRCameraMove", **{name: [value] for name, value in values.items()})


def drag(clips, frames=8):
    part = torch.zeros(1, *clips[1].shape[1:3])
    part[:, 40:90, 60:150] = 1.0
    return run_node("NRDragPicture", image=clips[1], part=part, length=frames, path="0, 0; 90.5, 20", easing="linear",
                    width=0, height=0, resize="stretch")  # fmt: skip


def move(clips, frames=8):
    return run_node("NRMovePicture", image=clips[1], video=clips[frames], amount=1.0, length=0, fill="mirror")


def report(clips, frames=8):
    return run_node("NRFidelityReport", frames=clips[frames], image=clips[1])


NODES = {"Move Picture": move, "Camera Move": camera, "Drag Picture": drag, "Video Fidelity Report": report}


# ---- memory ----------------------------------------------------------------------------------------------------------


def taken(work):
    with PeakBytes() as bytes_of:
        result = work()
    returned = sum(value.nbytes for value in result if isinstance(value, torch.Tensor))
    return bytes_of, returned


@pytest.mark.parametrize(("frames", "height", "width"), [(41, 216, 384), (12, 384, 384), (40, 100, 150)])
def test_following_a_video_takes_no_more_than_the_host_is_told(frames, height, width):
    video = shot(frames, height, width).movedim(-1, 1)
    bytes_of, _ = taken(lambda: [moving.follow(video) and None])
    told = moving.memory_to_follow(frames, width, height)
    assert told / 3 < bytes_of.peak <= told


@pytest.mark.parametrize("zoom", [1.2, 0.6, 0.25])
@pytest.mark.parametrize(("height", "width"), [(480, 832), (1080, 1920)])
def test_moving_a_picture_takes_no_more_than_the_host_is_told(height, width, zoom):
    picture, told = torch.rand(1, 3, height, width), moving.memory_to_move(width, height)
    u = CameraMove(0.1, 0.0, zoom, 5.0).flow(width, height)
    bytes_of, _ = taken(lambda: [moving.moved(picture, u, moving.BLUR) and None])
    assert told / 8 < bytes_of.peak <= told


@pytest.mark.parametrize("keeps_results_there", [True, False])
@pytest.mark.parametrize("node", [move, camera, drag])
def test_the_host_is_told_before_memory_is_taken(clips, node, keeps_results_there, monkeypatch):
    device = comfy.model_management.get_torch_device()
    told = []
    kept = device if keeps_results_there else torch.device("meta")
    if not keeps_results_there:  # meta holds nothing, so what is shown of it is made up
        monkeypatch.setattr(MovedClip, "preview", lambda clip, cls: None)
    monkeypatch.setattr(comfy.model_management, "intermediate_device", lambda: kept)
    monkeypatch.setattr(comfy.model_management, "free_memory", lambda *asked, **more: told.append(asked))
    with PeakBytes() as bytes_of:
        results = node(clips)
    ((needed, where),) = told
    returned = sum(value.nbytes for value in results[:2])  # the frames, and what is visible in them
    at_least = max(moving.memory_to_move(320, 136), moving.memory_to_follow(8, 320, 136) if node is move else 0)
    assert where == device and needed == at_least + (returned if keeps_results_there else 0)
    assert bytes_of.peak > 0


@pytest.mark.parametrize("node", [move, camera, drag, report])
def test_twice_the_frames_take_no_more_beside_what_is_returned(clips, node, monkeypatch):
    """Beside it a few frames are kept, and some numbers for each pixel at which a video's motion is looked for."""
    monkeypatch.setattr(flow, "CELLS_AT_ONCE", 2**16)  # a frame or two of this size
    over = {}
    for frames in (16, 32):
        bytes_of, returned = taken(lambda frames=frames: node(clips, frames))
        over[frames] = bytes_of.peak - returned
    motion = 0 if node in (camera, drag) else 16 * 136 * 320 * moving.BYTES_A_CELL
    assert over[32] - over[16] <= motion + 2 * 136 * 320 * 12


@pytest.mark.parametrize("parts", [1, 4])
def test_dragging_parts_takes_no_more_than_the_host_is_told(parts):
    picture, told = torch.rand(1, 3, 480, 832), moving.memory_to_move(832, 480)
    masks, ways = torch.rand(parts, 1, 480, 832), np.full((parts, 2), 20.5)
    bytes_of, _ = taken(lambda: [dragged(picture, masks, ways, torch.ones(1, 1, 480, 832)) and None])
    assert told / 8 < bytes_of.peak <= told


def test_a_picture_made_smaller_takes_no_more_than_a_channel_of_what_is_read():
    """1920 x 1080 at zoom 0.25 is read at 16 places to a pixel: 1.5 GB, were they all read at once."""
    picture, u = torch.rand(1, 3, 1080, 1920), CameraMove(0.1, 0.0, 0.25, 5.0).flow(1920, 1080)
    bytes_of, _ = taken(lambda: [moving.moved(picture, u, moving.MIRROR) and None])
    assert bytes_of.peak < 220e6


BLOCKS = "blocks of 4x4 pixels and 5 frames"


@pytest.fixture(scope="module")
def latent_model():
    """The demo model behind a causal VAE, and the latent of a moving clip."""
    model, vae = run_node("NRLoadDemoModel", sampling="flow", latent=BLOCKS)
    return model, vae, vae.encode(shot(31, 160, 160))


def of_the_vae(vae, samples):
    """The most bytes that decoding and encoding take by themselves: what they return included."""
    with torch.inference_mode():
        decoding, _ = taken(lambda: (vae.decode(samples),))
        clip = vae.decode(samples)[0]
        encoding, _ = taken(lambda: (vae.encode(clip),))
    return max(decoding.peak, encoding.peak), clip.nbytes


def test_a_look_takes_a_clip_of_pixels_and_its_mask_beside_the_vaes_own_work(latent_model, monkeypatch):
    monkeypatch.setattr(flow, "CELLS_AT_ONCE", 2**15)
    _, vae, samples = latent_model
    own, clip = of_the_vae(vae, samples)
    bytes_of, _ = taken(lambda: run_node("NRCarryPicture", image=torch.rand(1, 160, 160, 3), denoised={
        "samples": samples}, vae=vae, amount=1.0, fill="the video's own pixels"))  # fmt: skip
    motion = 31 * 160 * 160 * moving.BYTES_A_CELL
    assert bytes_of.peak <= max(own, motion) + 4 / 3 * clip + 2 * samples.nbytes


def test_each_video_of_a_batch_is_looked_at_by_itself(latent_model, monkeypatch):
    """The pixels of one are let go before the next one's are made."""
    monkeypatch.setattr(flow, "CELLS_AT_ONCE", 2**15)
    _, vae, samples = latent_model
    of_both, alone = (
        taken(lambda n=n: [looks._look_at(cut_at(samples, n), Rectification(CARRIED), vae) and None])[0].peak
        for n in (2, 1)
    )
    assert of_both <= alone + 8 * samples.nbytes  # what is kept of each: its latent, and its motion in cells


def cut_at(samples, videos):
    batch = samples.expand(videos, -1, -1, -1, -1).contiguous()
    return Handover(batch, batch, "", cut=Cut(batch, batch, batch))


@pytest.mark.parametrize("pivots", [(0, -1), (0, 1, -1)])
def test_pictures_of_pivots_keep_no_clip(latent_model, pivots):
    """They were views of it."""
    _, vae, samples = latent_model
    frames = samples.shape[2]
    for picture in looks.pictures_of(vae, samples, [pivot % frames for pivot in pivots], frames)[1:]:
        assert picture.untyped_storage().nbytes() == picture.nbytes


# ---- stop and progress -----------------------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch):
    """How often the stop was asked for; raises it at the one that `asked.at` says."""

    class Asked:
        count, at = 0, None

        def __call__(self):
            self.count += 1
            if self.count == self.at:
                raise InterruptProcessingException

    counting = Asked()
    monkeypatch.setattr(comfy.model_management, "throw_exception_if_processing_interrupted", counting)
    return counting


@pytest.mark.parametrize("node", NODES.values(), ids=NODES)
def test_a_node_can_be_stopped_in_every_part_of_its_work(asked, clips, node):
    """A second of the work, at the size of videos, is some frames of one part."""
    node(clips)
    times = asked.count
    assert times >= 40
    for at in range(1, times + 1, times // 6):
        asked.count, asked.at = 0, at
        with pytest.raises(InterruptProcessingException):
            node(clips)


@pytest.mark.parametrize("node", NODES.values(), ids=NODES)
def test_the_progress_bar_goes_over_the_whole_node_and_never_back(clips, node, monkeypatch):
    seen = []
    monkeypatch.setattr(
        comfy.utils.ProgressBar, "update_absolute", lambda bar, value, *more: seen.append(value / bar.total)
    )
    node(clips)
    assert seen == sorted(seen) and seen[0] < 0.1 and seen[-1] == 1
    assert max(after - before for before, after in zip(seen[:-1], seen[1:], strict=True)) < 0.15
