"""P19: no metadata in, no metadata out, no bomb, no original."""

import errno
import io
import json
import os
import resource
import subprocess
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from foundation.media import corpus
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.media import actions, painting, queries, tasks
from tongxin.foundation.media.actions import erase_person, paint_apart, remove, store_image
from tongxin.foundation.media.erasing import MediaEraser
from tongxin.foundation.media.models import Picture
from tongxin.foundation.media.painting import NoPicture, paint
from tongxin.foundation.media.terms import REFUSALS

MEI = Viewer(account=1, name="mei")
GOOD, BAD = dict(corpus.good()), {name: (data, code) for name, data, code in corpus.bad()}
TRACES = [
    corpus.MARK,
    b"Exif",
    b"http://ns.adobe",
    b"ICC_PROFILE",
    b"iCCP",
    b"Photoshop",
    b"tEXt",
    b"iTXt",
    b"eXIf",
    b"<script",
    b"PK\x03",
]


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.TONGXIN_MEDIA = tmp_path


def files():
    return [f for f in Path(actions.settings.TONGXIN_MEDIA).rglob("*") if f.is_file()]


def test_the_corpus_is_large_enough_and_really_marked():
    assert len(GOOD) + len(BAD) >= 60
    marked = [name for name, data in GOOD.items() if any(trace in data for trace in TRACES)]
    assert len(marked) >= 40  # control: most of them do carry what must not come out


@pytest.mark.parametrize("name", GOOD)
def test_every_picture_comes_out_clean(name):
    painted = paint(GOOD[name])
    assert [trace for trace in TRACES if trace in painted.data] == []
    assert b"\xff\xfe" not in painted.data[:40]  # no JPEG comment
    again = Image.open(io.BytesIO(painted.data))
    assert again.size == (painted.width, painted.height)
    assert set(again.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "dpi",
        "progressive",
        "progression",
    }
    assert dict(again.getexif()) == {}


@pytest.mark.parametrize("name", BAD)
def test_every_other_thing_is_refused(name):
    data, code = BAD[name]
    with pytest.raises(NoPicture, match=code):
        paint(data)
    assert code in REFUSALS


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_pictures_are_turned_before_the_note_about_it_is_dropped(orientation):
    painted = paint(GOOD[f"JPEG-turned-{orientation}"])
    assert (painted.width > painted.height) == (orientation <= 4)


def test_transparency_stays_and_large_pictures_shrink():
    assert paint(GOOD["PNG-RGBA-bare"]).content_type == "image/png"
    assert paint(GOOD["PNG-palette-transparent"]).content_type == "image/png"
    assert paint(GOOD["JPEG-RGB-bare"]).content_type == "image/jpeg"
    assert (paint(GOOD["large-side"]).width, paint(GOOD["large-side"]).height) == (2560, 32)


def test_colours_of_a_profile_are_brought_home():
    """A picture in a profile with swapped primaries looks different as plain numbers; converted, it changes."""
    swapped = bytearray(corpus.ImageCms.ImageCmsProfile(corpus.ImageCms.createProfile("sRGB")).tobytes())
    swapped = bytes(swapped).replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")
    red = Image.new("RGB", (8, 8), (250, 10, 10))
    with_profile, without = (
        paint(corpus.saved(red, "PNG", **more)) for more in ({"icc_profile": swapped}, {})
    )
    red_of = [Image.open(io.BytesIO(p.data)).getpixel((4, 4))[0] for p in (with_profile, without)]
    assert red_of[0] < 120 < red_of[1]


def test_the_answer_of_the_child():
    out = io.BytesIO()
    painting.answer(GOOD["JPEG-comment"], out)
    head, _, body = out.getvalue().partition(b"\n")
    assert json.loads(head) == {"content_type": "image/jpeg", "width": 60, "height": 40}
    assert body[:2] == b"\xff\xd8"
    out = io.BytesIO()
    painting.answer(b"", out)
    assert json.loads(out.getvalue()) == {"refused": "media.not_an_image"}


def test_the_child_bounds_itself_first(monkeypatch):
    bounds, order = {}, []
    monkeypatch.setattr(painting, "answer", lambda *_: order.append("answer"))
    monkeypatch.setattr(painting.sys, "stdin", type("In", (), {"buffer": io.BytesIO()}))
    monkeypatch.setattr(painting.sys, "stdout", type("Out", (), {"buffer": io.BytesIO()}))
    limit = painting.limit
    monkeypatch.setattr(
        painting,
        "limit",
        lambda: (order.append("limit"), limit(lambda kind, pair: bounds.update({kind: pair[1]}))),
    )
    painting.main()
    assert order == ["limit", "answer"]
    assert bounds == {
        resource.RLIMIT_AS: 2**30, resource.RLIMIT_CPU: 20, resource.RLIMIT_NOFILE: 32, resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }  # fmt: skip


def test_a_real_child_paints_and_refuses():
    assert paint_apart(GOOD["JPEG-RGB-exif-gps"]).width == 60
    with pytest.raises(Refused) as refused:
        paint_apart(BAD["svg"][0])
    assert refused.value.code == "media.not_an_image"


# The child tells its own high-water mark: `getrusage` of children would count the memory of the test process that forked it.
TELLS_ITS_PEAK = (
    "import sys; from tongxin.foundation.media import painting; painting.main(); "
    "sys.stderr.write(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')))"
)


def peak_of_painting(data: bytes) -> int:
    """KiB the child needed at most."""
    run = subprocess.run(
        [sys.executable, "-I", "-c", TELLS_ITS_PEAK], input=data, capture_output=True, check=True, env={}
    )
    return int(run.stderr.split()[1])


def test_a_bomb_is_refused_quickly_and_in_little_memory():
    began = time.monotonic()
    with pytest.raises(Refused) as refused:
        paint_apart(BAD["bomb-4-gigapixels"][0])
    assert refused.value.code == "media.too_many_pixels"
    assert time.monotonic() - began < 8  # measured 0.2–0.4 s; the rest is for a busy machine
    assert peak_of_painting(BAD["bomb-4-gigapixels"][0]) <= 200 * 1024


def test_control_a_large_picture_that_is_painted_shows_in_the_peak():
    wide = corpus.saved(Image.new("RGB", (7000, 5000), (9, 9, 9)), "PNG")
    assert peak_of_painting(wide) > 1.5 * peak_of_painting(BAD["bomb-4-gigapixels"][0])


LIMITED = "from tongxin.foundation.media import painting; painting.limit(); "
GREEDY = "import mmap; x = mmap.mmap(-1, 2 * 2**30)"


@pytest.mark.parametrize(
    "child",
    [LIMITED + GREEDY, LIMITED + "import tempfile; tempfile.TemporaryFile().write(b'x' * 10**6)",
     LIMITED + "import os; os.kill(os.getpid(), 9)", LIMITED + "print('no json')", "import time; time.sleep(9)"],
    ids=["memory", "files", "killed", "nonsense", "hangs"],
)  # fmt: skip
def test_a_child_that_misbehaves_is_no_harm(child):
    with pytest.raises(Refused) as refused:
        paint_apart(b"", child=child, patience=1.0)
    assert refused.value.code == "media.unreadable"


def test_control_without_the_limit_the_memory_is_given():
    answer = 'print(\'{"content_type": "x", "width": 1, "height": 1}\')'
    assert paint_apart(b"", child=f"{GREEDY}; {answer}").width == 1


@pytest.mark.django_db
def test_a_picture_is_stored_under_a_random_name_and_nothing_else_is_kept(noon):
    first = store_image(viewer=MEI, data=GOOD["JPEG-RGB-exif-gps"], purpose="post", person=7)
    second = store_image(viewer=MEI, data=GOOD["JPEG-RGB-exif-gps"], purpose="post")
    assert first.name != second.name
    assert (first.width, first.height, first.person, first.created_at) == (60, 40, 7, noon)
    served = queries.picture(first.name)
    assert (served.content_type, served.purpose, served.person) == ("image/jpeg", "post", 7)
    assert served.path.stat().st_size == first.size
    assert len(files()) == 2
    assert all(corpus.MARK not in f.read_bytes() for f in files())
    assert list(Entry.objects.values_list("act", flat=True)) == ["media.stored"] * 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "code"),
    [(b"\xff\xd8" + b"\0" * 15 * 2**20, "media.too_large"), (BAD["bomb-41-megapixels"][0], "media.too_many_pixels"),
     (BAD["cut-off"][0], "media.unreadable")],
    ids=["large", "pixels", "cut"],
)  # fmt: skip
def test_what_is_refused_leaves_nothing(data, code):
    with pytest.raises(Refused) as refused:
        store_image(viewer=MEI, data=data, purpose="post")
    assert refused.value.code == code
    assert not Picture.objects.exists()
    assert files() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a.jpg", "A" * 32 + ".jpg", "0" * 32 + ".svg", "0" * 32 + ".jpg", ""]
)
def test_only_names_of_ours_are_looked_for(name):
    with pytest.raises(Refused) as refused:
        queries.picture(name)
    assert refused.value.code == "absent"


@pytest.mark.django_db
def test_a_row_without_its_file_is_absent():
    made = store_image(viewer=MEI, data=GOOD["JPEG-RGB-bare"], purpose="post")
    queries.picture(made.name).path.unlink()
    with pytest.raises(Refused):
        queries.picture(made.name)


@pytest.mark.django_db
def test_a_full_disk_is_a_refusal_and_leaves_no_half_picture(monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused) as refused:
        store_image(viewer=MEI, data=GOOD["JPEG-RGB-bare"], purpose="post")
    assert refused.value.code == "no_space"
    assert files() == []
    assert not Picture.objects.exists()
    monkeypatch.undo()
    actions.settings.TONGXIN_MEDIA.mkdir(exist_ok=True)
    assert store_image(viewer=MEI, data=GOOD["JPEG-RGB-bare"], purpose="post")  # and works again with space


@pytest.mark.django_db
def test_other_faults_of_the_disk_are_faults(settings):
    settings.TONGXIN_MEDIA = Path("/proc/nowhere")
    with pytest.raises(OSError):
        store_image(viewer=MEI, data=GOOD["JPEG-RGB-bare"], purpose="post")


@pytest.mark.django_db(transaction=True)
def test_removing_takes_row_and_file():
    made = store_image(viewer=MEI, data=GOOD["JPEG-RGB-bare"], purpose="post", person=7)
    other = store_image(viewer=MEI, data=GOOD["JPEG-RGB-bare"], purpose="post", person=8)
    remove(viewer=MEI, public_id=made.public_id)
    assert [f.name for f in files()] == [other.name]
    with pytest.raises(Refused):
        remove(viewer=MEI, public_id=uuid.uuid4())
    assert erase_person(viewer=MEI, person=7) == 0
    assert erase_person(viewer=MEI, person=8) == 1
    assert files() == []


@pytest.mark.django_db(transaction=True)
def test_a_persons_pictures_are_told_and_forgotten(noon):
    made = store_image(viewer=MEI, data=GOOD["JPEG-RGB-bare"], purpose="post", person=7)
    person, eraser = SimpleNamespace(ids=(7, 9)), MediaEraser()
    told = [{"name": made.name, "purpose": "post", "created_at": noon.isoformat()}]
    assert eraser.export(person) == {"pictures": told}
    assert eraser.erase(person) == 1
    assert (eraser.erase(person), eraser.export(person), files()) == (0, {"pictures": []}, [])


@pytest.mark.django_db
def test_orphans_are_swept_after_a_day():
    kept = store_image(viewer=MEI, data=GOOD["JPEG-RGB-bare"], purpose="post")
    orphan = queries.place("ab" * 16 + ".jpg")
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"x")
    assert tasks.sweep(timestamp=0) == 0  # it may be on its way to its row
    with clock.held(clock.now() + timedelta(hours=25)):
        assert tasks.sweep(timestamp=0) == 1
    assert [f.name for f in files()] == [kept.name]
