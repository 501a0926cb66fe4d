"""Function words, which may be scored but never become keywords.

Negations, quantities and the like ("not", "no", "most", "least", "before", "after"; 不, 没, 最, ない, ไม่) are not in the list,
because they decide answers. Chinese (simplified and traditional), Japanese and Thai have short lists of frequent particles,
prepositions, copulas, auxiliaries, pronouns, conjunctions, measure words and question words. 91 of their 149 words are also in
the lists of https://github.com/stopwords-iso, whose content words and negations are left out here; the other ones were added by
hand, as ICU writes them, such as 什么 and ました.
"""

from typing import Literal

StopWords = Literal["none", "authors", "default"]
"""Which words never become keywords: none, those of the paper's authors, or ours."""

_ENGLISH = frozenset(
    """
    a an the this that these those
    i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
    who whom whose which what where when why how
    am is are was were be been being do does did doing have has had having
    can could will would shall should may might must
    and or but if so as than then because while although though
    of at by for with about between into through during to from in on onto upon off out over under up down
    there here also just very too s t 's 're 've 'll 'd 'm
    following likely best each any some such
    """.split()
)
_CHINESE = frozenset(
    """
    的 了 着 是 在 有 和 或 但 而 把 被 给 对 从 到 也 都 就 会 能 要 上 下 里 中 个 种 一个 一种
    这 那 我 你 他 她 它 们 谁 什么 哪 哪个 哪些 怎么 为什么 几 吗 呢
    個 種 這 們 誰 什麼 哪個 為什麼 會 對 從 嗎
    """.split()
)
_JAPANESE = frozenset(
    """
    は が を に へ と で も の や か ね よ から まで より など て た だ です ます ました でした である し する した いる ある
    これ それ あれ この その あの ここ そこ どれ どの どこ 何 なに だれ 誰 しかし
    """.split()
)
_THAI = frozenset(
    """
    ที่ ซึ่ง อัน ของ ใน จาก โดย กับ แก่ ต่อ ถึง และ หรือ แต่ ก็ จึง ว่า เป็น คือ อยู่ มี ได้ จะ ให้ ไป มา แล้ว
    นี้ นั้น เขา เรา การ ความ อะไร ใคร ไหน ใด อย่างไร ทำไม เพราะ ถ้า ครับ ค่ะ
    """.split()
)
STOP_WORDS = _ENGLISH | _CHINESE | _JAPANESE | _THAI
_AUTHORS = frozenset("the a to is of on in are and does".split())
"""Those of https://github.com/milanbhan/self_amplify, without the punctuation and markers, which are no words here. A comma
that is missing there joins "the" to the entry before it; it is meant, and counts here."""

LISTS: dict[StopWords, frozenset[str]] = {"none": frozenset(), "authors": _AUTHORS, "default": STOP_WORDS}
