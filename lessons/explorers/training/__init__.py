"""Lessons 03 and 04: a network that trains while you watch, and anew whenever a slider moves."""

from lessons.explorers.training.explorer import TrainingExplorer, training

__all__ = ["TrainingExplorer", "training"]
