//! The pages, asked for as a browser without JavaScript does.

mod accounts;
mod audit;
mod clumsy;
mod connect;
mod errors;
mod export;
mod ids;
mod live;
mod marketplace;
mod oidc;
mod providers;
mod settings;
mod sign_in;
mod tokens;
mod too_large;
mod visitor;
