//! The pages, asked for as a browser without JavaScript does.

mod marketplace;
mod sign_in;
mod visitor;
