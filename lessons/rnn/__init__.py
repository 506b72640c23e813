"""Recurrent networks in NumPy: RNN, LSTM and GRU forecasters, their steps, training, gradient check."""

from lessons.rnn.gradients import GradientCheck, gradient_check, gradient_memory
from lessons.rnn.gru import GRU
from lessons.rnn.lstm import LSTM
from lessons.rnn.optimizers import SGD, Adam, clip_by_global_norm
from lessons.rnn.rnn import RNN
from lessons.rnn.steps import gru_step, lstm_step, rnn_step, sigmoid
from lessons.rnn.training import Epoch, mse_loss, train
