print("fraud")
