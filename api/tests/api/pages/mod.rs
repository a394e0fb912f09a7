//! The pages, asked for as a browser without JavaScript does.

mod connect;
mod marketplace;
mod providers;
mod sign_in;
mod visitor;
