"""Helpers behind the course notebooks: data, baselines, recurrent nets, scores, figures, exercises."""
