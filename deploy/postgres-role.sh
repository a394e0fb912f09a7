#!/bin/sh
# Runs once, when the database is made: the product's own role, which row-level security binds, and its database.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 --set password="$POSTGRES_APP_PASSWORD" <<'SQL'
CREATE ROLE soconnective LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB PASSWORD :'password';
CREATE DATABASE soconnective OWNER soconnective;
SQL
