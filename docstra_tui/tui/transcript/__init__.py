"""The conversation drawn line by line: `view.TranscriptView` and what it is made of.

Text becomes blocks (`growing`, `markdown`), blocks become lines at a width (`drawing`, `table`,
`verbatim`), lines belong to answers (`answer_chunks`) and turns (`turn`), turns to a document that knows
where each begins (`document`). The widget is made in steps: it draws the lines on the screen (`drawn`),
scrolls (`scrolled`), hears keys (`keys`) and is told of answers (`view`).
"""
