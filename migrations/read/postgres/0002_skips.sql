-- Which events a projection passes by, the log says: it is never lost with the read models.
DROP TABLE projection_skip;
