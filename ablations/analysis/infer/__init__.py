"""From records to numbers and verdicts; no words, no pictures.

``inference.infer`` is the entry; ``to_json`` turns what it returns into JSON.  A verdict comes
about in this order: ``scores`` (of diverged runs too), ``replicates`` (paired or independent),
``pairs`` (differences by seed) with ``sign_flips`` and ``max_t`` (the test), or ``independent``
with ``permutations``, ``corrections`` (of a family), ``intervals``, ``divergence`` (the flag),
``verdicts``, ``settle``; ``best`` says which arms may be the best.
"""
