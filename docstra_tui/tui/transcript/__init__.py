"""The conversation drawn line by line: `view.TranscriptView` and what it is made of.

Text becomes blocks (`growing`, `markdown`), blocks become lines at a width (`drawing`, `table`,
`verbatim`), lines belong to turns (`turn`), turns to a document that knows where each begins
(`document`); the widget only asks for the lines on the screen.
"""
