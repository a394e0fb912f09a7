//! The vault as its users see it, over real files.

mod support;

mod saving;
