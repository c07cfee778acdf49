"""What every HTTP client of this program shares: that of the service, and that of a language model.

connections   several small clients behind one interface
decompress    decompresses a response in small pieces
retry_after   how long a server asks to be left alone
proxies       what is wrong with the variables of proxies
redaction     makes text from outside safe to show, and hides the key

Importing this package imports none of its modules.
"""
