"""The one sign that a row of the book's tables holds something that this library never wrote."""


class MalformedRow(ValueError):
    """Raised where the row is read; `BookFile` turns it into a `DamagedBook` that names the file."""
