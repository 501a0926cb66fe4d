"""From a data set of the Hugging Face hub to rows."""
