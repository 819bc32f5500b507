"""A resident's photo of the register: made small, and freed of what else it tells."""

import io

from PIL import Image, ImageOps, UnidentifiedImageError

LONGEST_SIDE = 1600  # pixels: every digit of a register can be read
MOST_PIXELS = 60_000_000
FORMATS = ("JPEG", "PNG", "HEIF")


class NotAPhoto(ValueError):
    """Not a JPEG, PNG or HEIC picture, broken, or far too large."""


def shrink(data: bytes) -> bytes:
    """The picture as a JPEG of at most 1600 pixels a side, upright, without EXIF.

    EXIF holds the place where it was taken. Raises NotAPhoto.
    """
    import pillow_heif

    pillow_heif.register_heif_opener()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise NotAPhoto
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
    ) as wrong:
        raise NotAPhoto from wrong
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=80, optimize=True)
    return out.getvalue()
