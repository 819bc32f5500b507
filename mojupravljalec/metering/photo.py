"""A resident's photo of the register: made small, and freed of what else it tells."""

import io
import threading

from PIL import ExifTags, Image

LONGEST_SIDE = 1600  # pixels: every digit of a register can be read
# What is unpacked whole stays small; a plain JPEG is made smaller while it is read.
MOST_PIXELS = {"JPEG": 60_000_000, "HEIF": 25_000_000, "PNG": 12_000_000}
PROGRESSIVE_PIXELS = 16_000_000
# How a picture has to be turned, by its EXIF orientation.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_turn = threading.Lock()  # one picture at a time: each takes up to 100 MB


class NotAPhoto(ValueError):
    """Not a JPEG, PNG or HEIC picture, broken, or far too large."""


def shrink(data: bytes) -> bytes:
    """The picture as a JPEG of at most 1600 pixels a side, upright, without EXIF.

    EXIF holds the place where it was taken. Raises NotAPhoto.
    """
    import pillow_heif

    pillow_heif.register_heif_opener()
    with _turn:
        try:
            with Image.open(io.BytesIO(data), formats=list(MOST_PIXELS)) as picture:
                return _small(picture)
        except Exception as wrong:
            # Decoders and EXIF readers raise whatever they like over bytes of strangers.
            raise NotAPhoto from wrong


def _small(picture: Image.Image) -> bytes:
    if picture.width * picture.height > _most_pixels(picture):
        raise NotAPhoto
    turn = TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    upright = picture.convert("RGB")
    upright = upright.transpose(turn) if turn else upright
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=80, optimize=True)
    return out.getvalue()


def _most_pixels(picture: Image.Image) -> int:
    if picture.info.get("progressive"):
        return PROGRESSIVE_PIXELS
    return MOST_PIXELS[picture.format or ""]
