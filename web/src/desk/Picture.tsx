/** The picture of `explain`. */
export { Explanation as Picture } from "../explain/Explanation";
