"""Each table's row as a class: what questions read and handlers write.

``pupil``: a row number (`roll.Pupil`); ``line``: the position of the event that made the row;
``by``: a staff id, with ``name`` and ``job_title`` as they were then, where the event kept them.
"""
