//! The bookinfo services and the stages of their tour.
