"""G3, a family of models at a time: whatever way leads to the end of a log, the tables are the reference's."""
