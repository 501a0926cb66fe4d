"""An explainer, a task and an exporter for selfamplify, which finds them by the entry points of pyproject.toml."""
