"""From records to numbers and verdicts; no words, no pictures.

``inference.infer`` is the entry; ``to_json`` turns what it returns into JSON.  A verdict comes
about in this order: ``pairs`` (differences by seed), ``divergence`` (runs without a score),
``sign_flips`` (the test), ``corrections`` (of a family), ``intervals``, ``verdicts``; ``best`` says
which arm leads.
"""
