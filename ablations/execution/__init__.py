"""Where runs happen: which are wanted, which are done, and the processes that train the rest."""
