"""Exercises of lesson 03: an LSTM by hand, its gradients, its training, and the mending of its forecasts."""

from lessons.exercises.lesson_03 import backward, step, training

EXERCISES = (*step.EXERCISES, *backward.EXERCISES, *training.EXERCISES)
