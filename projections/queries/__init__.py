"""The read models at one point in time, and what every question is made of."""
