export { AccountScreen } from "./AccountScreen";
export { ConfirmScreen } from "./ConfirmScreen";
export { ForgotPasswordScreen, ResetPasswordScreen } from "./PasswordScreens";
export { SignInScreen } from "./SignInScreen";
export { SignUpScreen } from "./SignUpScreen";
