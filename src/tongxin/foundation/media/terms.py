"""Words of pictures."""

from tongxin.foundation.errors import Sentence

ACTS: dict[str, str] = {"media.stored": "上传图片", "media.removed": "删除图片"}

REFUSALS: dict[str, Sentence] = {
    "media.too_large": Sentence(
        "图片太大了，请不要超过 {most} MB。", "Pictures may have up to {most} MB.", 413
    ),
    "media.too_many_pixels": Sentence(
        "图片尺寸太大了，请不要超过 {most} 万像素。", "The picture has too many pixels.", 413
    ),
    "media.not_an_image": Sentence(
        "只接受 JPG、PNG、WebP 和 GIF 图片。", "Only JPEG, PNG, WebP and GIF pictures are accepted.", 415
    ),
    "media.unreadable": Sentence(
        "这张图片打不开，可能已损坏。", "The picture cannot be read; it may be damaged.", 422
    ),
}
