"""From rows to questions: columns, layouts, answers, labels."""
