"""What a model is told: wording, profiles, chats, formats and the finished prompt."""
