"""From records to numbers and verdicts; no words, no pictures."""
