"""Models: from a recipe to a built Keras model with named layers.  One file a model."""

from __future__ import annotations

from ablations.study.technique import Family
from ablations.techniques.cnn import CNN
from ablations.techniques.mlp import MLP
from ablations.techniques.rnn import RNN
from ablations.techniques.user_model import UserModel

MODELS = Family("model", (MLP, CNN, RNN, UserModel))
