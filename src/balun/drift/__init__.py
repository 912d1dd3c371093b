"""What has moved in the rows: against another set of rows, and from day to day."""
