"""What commands take from the shell besides a study; imports nothing heavy."""

from ablations.execution.executor import EXECUTORS as EXECUTORS
from ablations.execution.options import Options as Options
from ablations.study.shard import Shard as Shard
