"""Simulated providers and a scripted agent: `turnout demo`, and what the end-to-end tests talk to.

    provider.py   SimProvider: an aiohttp server on loopback that speaks one dialect
    faults.py     Fault: what it shall do wrong, to whom, how often
    speech.py     Turn, Call: what a model says, decided by the conversation so far
    anthropic.py, openai.py, responses.py, gemini.py   a wire each, without turnout.wire: a
                  second opinion

Nothing here is imported when turnout serves.
"""
