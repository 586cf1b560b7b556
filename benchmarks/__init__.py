"""What `./kabar bench` runs. Figures are for comparing within one run on one machine, never for a test."""
