"""English function words, which may be scored but never become keywords.

Negations, quantities and the like ("not", "no", "most", "least", "before", "after") are not in the list, because they decide
answers.
"""

STOP_WORDS = frozenset(
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
