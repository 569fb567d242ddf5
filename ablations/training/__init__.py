"""How a recipe is trained: one compiled epoch, measured in the graph, logged between epochs."""
