//! Holds nothing: the examples are the files beside this one, each to be read and copied alone.
