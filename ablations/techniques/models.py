"""Models: from a recipe to a network with named layers.  One file a model."""

from __future__ import annotations

from ablations.study.model_families import Model
from ablations.study.technique import Family
from ablations.techniques.cnn import CNN
from ablations.techniques.mlp import MLP
from ablations.techniques.rnn import RNN
from ablations.techniques.user_model import UserModel

MODELS = Family(Model, (MLP, CNN, RNN, UserModel), default="mlp")
