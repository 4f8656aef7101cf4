"""What importing and exporting refuse, and what they write into the trail."""

from tongxin.foundation.errors import Sentence

ACTS: dict[str, str] = {"connect.exported": "导出了数据表"}

REFUSALS: dict[str, Sentence] = {
    "connect.not_installed": Sentence(
        "示范数据包没有安装：pip install 'tongxin[demo]'",
        "The demo data are not installed: pip install 'tongxin[demo]'",
        422,
    ),
    "connect.other_currency": Sentence(
        "品牌币种是 {brand}，数据币种是 {data}，不能混在一起。",
        "The brand's currency is {brand}, the data's is {data}.",
        422,
    ),
    "connect.import_failed": Sentence(
        "导入没有完成。已写入的部分不会丢，可以重新导入同一个文件。",
        "The import did not finish. What was written is kept; import the same file again.",
        503,
    ),
    "connect.no_reach": Sentence(
        "导入和导出要由总部来做。", "Importing and exporting is for headquarters.", 403
    ),
}
