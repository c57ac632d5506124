/// The program's version, as `fraud --version` prints it.
public enum FraudVersion {
    public static let text = "0.1.0"
}
