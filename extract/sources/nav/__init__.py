"""NAV's Job Vacancy Feed."""
