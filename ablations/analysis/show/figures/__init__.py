"""One file per figure; the section ``figures`` lists them in order."""
