"""From records to numbers and verdicts; no words, no pictures.

``inference.infer`` is the entry; ``to_json`` turns what it returns into JSON.  A verdict comes
about in this order: ``scores`` (of diverged runs too), ``pairs`` (differences by seed),
``sign_flips`` and ``max_t`` (the test), ``corrections`` (of a family), ``intervals``,
``divergence`` (the flag), ``verdicts``, ``settle``; ``best`` says which arms may be the best.
"""
